// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.35;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Settlement} from "../src/Settlement.sol";

// Tokens that are not as ERC-20 says, each in one way; anybody may mint.

abstract contract OpenToken is ERC20 {
    constructor() ERC20("", "") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// As ERC-20 says, and nothing more.
contract PlainToken is OpenToken {}

/// Says false in place of reverting, to those whom it refuses.
contract FalseToken is OpenToken {
    mapping(address => bool) public isRefused;

    function refuse(address account) external {
        isRefused[account] = true;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return !isRefused[to] && super.transfer(to, amount);
    }
}

/// Answers nothing, as USDT.
contract SilentToken is OpenToken {
    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        assembly {
            return(0, 0)
        }
    }
}

/// Answers 2, or a megabyte when it refuses.
contract TalkingToken is OpenToken {
    bool public isBomb;

    function arm() external {
        isBomb = true;
    }

    function transfer(address, uint256) public view override returns (bool) {
        bool isBomb_ = isBomb;
        assembly {
            if isBomb_ { revert(0, 1000000) }
            mstore(0, 2)
            return(0, 32)
        }
    }
}

/// Keeps one percent of what is sent: the payee gets less.
contract FeeToken is OpenToken {
    function transfer(address to, uint256 amount) public override returns (bool) {
        _burn(msg.sender, amount / 100);
        return super.transfer(to, amount - amount / 100);
    }
}

/// Takes one percent on top of what is sent.
contract SurchargeToken is OpenToken {
    function transfer(address to, uint256 amount) public override returns (bool) {
        _burn(msg.sender, amount / 100);
        return super.transfer(to, amount);
    }
}

/// Says false and moves all the same.
contract TwoFacedToken is OpenToken {
    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        return false;
    }
}

/// Says yes and moves nothing.
contract LyingToken is OpenToken {
    function transfer(address, uint256) public pure override returns (bool) {
        return true;
    }
}

/// Uses up all gas that it is given when it pays a certain payee.
contract HungryToken is OpenToken {
    address public eaten;

    function eat(address payee) external {
        eaten = payee;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (to == eaten) {
            assembly {
                invalid()
            }
        }
        return super.transfer(to, amount);
    }
}

/// Calls back whom it is told, in the middle of a transfer, and refuses the payee if he is to be refused.
contract CallingToken is OpenToken {
    address public target;
    bytes public message;
    address public refused;
    bool public isDone;
    bytes public answer;

    function callBack(address target_, bytes calldata message_) external {
        target = target_;
        message = message_;
    }

    function refuse(address payee) external {
        refused = payee;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        require(to != refused, "refused");
        if (target != address(0)) (isDone, answer) = target.call(message);
        return super.transfer(to, amount);
    }
}

/// A payee that is a contract, and takes what it is owed when it is called, by whomever.
contract GreedyPayee {
    Settlement public immutable SETTLEMENT;

    constructor(Settlement settlement) {
        SETTLEMENT = settlement;
    }

    function take(address to) external returns (uint256) {
        return SETTLEMENT.withdraw(to);
    }
}
